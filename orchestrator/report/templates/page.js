"use strict";
// Without this script all is there too: every frame is shown, and commands are copied by hand.
for (const tabs of document.querySelectorAll("[data-tabs]")) {
  const panels = [...tabs.querySelectorAll("[data-tab]")];
  const list = document.createElement("div");
  list.className = "tablist";
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", "Which frame");
  const buttons = panels.map((panel) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = panel.dataset.tab;
    button.setAttribute("aria-controls", panel.id);
    button.addEventListener("click", () => show(panel));
    list.append(button);
    return button;
  });
  const show = (chosen) => panels.forEach((panel, index) => {
    panel.hidden = panel !== chosen;
    buttons[index].setAttribute("aria-pressed", String(panel === chosen));
  });
  tabs.prepend(list);
  show(panels.find((panel) => panel.id === "packet-request") ?? panels[0]);
}
for (const button of document.querySelectorAll("[data-copy]")) {
  const code = button.previousElementSibling;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
  });
}
for (const button of document.querySelectorAll("[data-toggle]")) {
  const all = document.querySelectorAll(button.dataset.toggle);
  button.addEventListener("click", () => {
    const open = [...all].some((details) => !details.open);
    all.forEach((details) => { details.open = open; });
    button.textContent = open ? "Close all evidence" : "Open all evidence";
  });
}
// A printed page has no buttons: open what is folded, show every frame.
addEventListener("beforeprint", () => {
  document.querySelectorAll("details").forEach((details) => { details.open = true; });
  document.querySelectorAll("[data-tab]").forEach((panel) => { panel.hidden = false; });
});
