// The two things the page cannot do alone: buy, and show how full the cart is.
"use strict";

const COUNT = "pieces-in-cart";

function showCount() {
  const pieces = Number(localStorage.getItem(COUNT)) || 0;
  for (const badge of document.querySelectorAll("[data-cart-count]")) {
    badge.textContent = String(pieces);
    badge.hidden = pieces === 0;
  }
}

async function buy(button) {
  const said = document.querySelector("[data-said]");
  button.disabled = true;
  try {
    const answer = await fetch("/api/buy", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ product: Number(button.dataset.buy) }),
    });
    if (answer.status === 409) {
      said.textContent = "Somebody else took the last one.";
      return;
    }
    if (!answer.ok) throw new Error(`the shop answered ${answer.status}`);
    const { stock } = await answer.json();
    document.querySelector("[data-stock]").textContent = String(stock);
    localStorage.setItem(COUNT, String((Number(localStorage.getItem(COUNT)) || 0) + 1));
    showCount();
    said.textContent = "It is in your cart.";
    button.disabled = stock === 0;
  } catch (error) {
    said.textContent = `That did not work: ${error.message}. Please try again.`;
    button.disabled = false;
  }
}

for (const button of document.querySelectorAll("[data-buy]")) {
  button.addEventListener("click", () => buy(button));
}
showCount();
