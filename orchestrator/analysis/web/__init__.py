"""HTTP: messages, fetches over proxies, and what browsers and servers noted of them."""
