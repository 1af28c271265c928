"""The web application: the owner's page, the page of names, JSON views, a few assets. It shows; it changes nothing.

May live here: the factory, the routes, the error pages. May not: what stands on a page (page.py), policy, SQL.
"""

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from gateway.paths import Paths
from webui.i18n import Locale, choose, locales
from webui.names import build_names
from webui.observe import Observer
from webui.page import build
from webui.security import Guarded

HERE = Path(__file__).parent
COOKIE = "language"
A_YEAR = 365 * 86400
REFRESH_SECONDS = 20
TOLD_ERRORS = {404, 405, 500}


def create_app(paths: Paths, clock: Callable[[], float] = time.time) -> ASGIApp:
    """The application over one gateway's files and sockets; `clock` gives epoch seconds."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    observer = Observer(paths, clock)
    pages = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    _add_page(app, observer, pages)
    _add_json(app, observer)
    _add_errors(app, observer, pages)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    return Guarded(app, lambda: _facts(observer).get("domain", ""))


def _add_page(app: FastAPI, observer: Observer, pages: Environment) -> None:
    def shown(template: str, page: object, locale: Locale, lang: str | None) -> HTMLResponse:
        text = pages.get_template(template).render(
            t=locale, page=page, languages=locales().values(), refresh=REFRESH_SECONDS
        )
        response = HTMLResponse(text, headers={"Content-Language": locale.language, "Vary": "Accept-Language, Cookie"})
        if lang == locale.language:
            response.set_cookie(COOKIE, lang, max_age=A_YEAR, httponly=True, samesite="strict")
        return response

    @app.get("/", response_class=HTMLResponse)
    def overview(request: Request, lang: str | None = None) -> HTMLResponse:
        locale = _locale(request, observer)
        return shown("overview.html", build(observer.view(), locale), locale, lang)

    @app.get("/names", response_class=HTMLResponse)
    def names(request: Request, lang: str | None = None) -> HTMLResponse:
        locale = _locale(request, observer)
        return shown("names.html", build_names(observer.names(), locale), locale, lang)


def _add_json(app: FastAPI, observer: Observer) -> None:
    @app.get("/health.json")
    def health(request: Request) -> JSONResponse:
        view, locale = observer.view(), _locale(request, observer)
        findings = [
            {
                "code": finding.code,
                "severity": finding.severity.name.lower(),
                "since": finding.since,
                "title": locale(f"health.{finding.code}.title"),
                "text": locale(f"health.{finding.code}.text"),
            }
            for finding in view.health.findings
        ]
        status = view.status or {}
        return JSONResponse(
            {
                "at": view.now,
                "state": view.health.state.value,
                "findings": findings,
                "generation": status.get("generation"),
                "pending": bool(status.get("pending")),
                "isolated": None if view.isolated is None else len(view.isolated),
            }
        )

    @app.get("/api/summary.json")
    def summary() -> JSONResponse:
        past = observer.view().summary
        if past is None:
            return JSONResponse({"error": "the event store cannot be read"}, status_code=503)
        plain: dict[str, Any] = asdict(past)
        plain["now"] = past.now.isoformat()
        plain["labels"] = [asdict(label) for label in past.labels.values()]
        plain["facts"] = {name: past.facts[name] for name in ("clinic", "timezone") if name in past.facts}
        return JSONResponse(plain)

    @app.get("/api/names.json")
    def names() -> JSONResponse:
        look = observer.names()
        if look.names is None:
            return JSONResponse({"error": "the event store cannot be read"}, status_code=503)
        return JSONResponse({**asdict(look.names), "known_lists": [asdict(one) for one in look.lists]})


def _add_errors(app: FastAPI, observer: Observer, pages: Environment) -> None:
    def error_page(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        locale = _locale(request, observer)
        text = locale(f"error.{status}" if status in TOLD_ERRORS else "error.other")
        page = pages.get_template("error.html").render(t=locale, status=status, text=text)
        return HTMLResponse(page, status_code=status)

    app.add_exception_handler(HTTPException, error_page)
    app.add_exception_handler(Exception, error_page)


def _locale(request: Request, observer: Observer) -> Locale:
    asked, remembered = request.query_params.get("lang"), request.cookies.get(COOKIE)
    of_site = _facts(observer).get("languages", "").split(",")
    return choose(asked, remembered, request.headers.get("accept-language"), of_site)


def _facts(observer: Observer) -> dict[str, str]:
    past = observer.view().summary
    return past.facts if past else {}
