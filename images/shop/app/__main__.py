"""The shop's server: `python3 /srv/shop/app /lab/app.json`.

The file holds {"name": "app1", "listen": "0.0.0.0:8080",
"database": {"host": "10.0.0.5", "port": 5432, "name": "shop", "user": "shop"}}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import uvicorn
from pages import shop


def main(config_path: str) -> None:
    config = json.loads(Path(config_path).read_text(encoding="utf-8"))
    host, _, port = config["listen"].rpartition(":")
    # asyncio and h11 are enough for one lab, and half the memory of uvloop.
    uvicorn.run(
        shop(config["name"], config["database"]),
        host=host,
        port=int(port),
        loop="asyncio",
        http="h11",
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
    )


if __name__ == "__main__":
    main(sys.argv[1])
