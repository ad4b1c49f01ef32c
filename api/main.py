"""For ASGI servers: `uvicorn api.main:app`. The settings are read when the app starts, not here."""

from .app import create_app

app = create_app()
