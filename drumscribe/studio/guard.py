"""Access to the studio: hosts, origins and tokens are checked before anything else.

A page of another origin cannot read answers, but it could send requests; a host name that is made to point at this
machine could do both. So, while the studio is reachable from this machine only, a request must name this machine as its
host; and requests that change anything must come from the studio's own page.
"""

from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..runtime import is_loopback
from .settings import Settings

COOKIE = "drumscribe-token"
_HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "microphone=(self), camera=(), geolocation=()",
}


class Guard:
    """Admits the requests of permitted users, and stores the user in the scope as ``user``.

    Parameters
    ----------
    app : ASGIApp
        The application behind the guard.
    settings : Settings
        The settings, which say who may use it.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope) or self._signed_in(scope)
        await (refusal or self._app)(scope, receive, _adding_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._settings.is_local and not is_loopback(urlsplit(f"//{host}").hostname or ""):
            return PlainTextResponse("This studio can be used from this machine only.", 403)
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return PlainTextResponse("Requests from other pages are refused.", 403)
        if headers.get("sec-fetch-site") == "cross-site" and scope["method"] != "GET":
            return PlainTextResponse("Requests from other pages are refused.", 403)
        return None

    def _signed_in(self, scope: Scope) -> Response | None:
        """Return None to admit the request, after storing its user; else return the answer."""
        if not self._settings.tokens:
            scope["user"] = "studio"
            return None
        query = parse_qs(scope["query_string"].decode("latin-1"))
        given = query.pop("token", [""])[0]
        if given and scope["method"] == "GET" and self._settings.user_of(given):
            return _with_cookie(scope, given, query)
        headers = Headers(scope=scope)
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        user = self._settings.user_of(bearer or (cookie.value if cookie else ""))
        if user is None:
            return PlainTextResponse("Open this studio with its token: add ?token=SECRET to the address.", 401)
        scope["user"] = user
        return None


def _with_cookie(scope: Scope, token: str, query: dict) -> Response:
    """Move the token from the address to a cookie that scripts cannot read."""
    rest = urlencode(query, doseq=True)
    answer = RedirectResponse(scope["path"] + (f"?{rest}" if rest else ""), 303)
    answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", max_age=30 * 86400)
    return answer


def _adding_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            known = {name for name, _ in message["headers"]}
            extra = [(k.encode(), v.encode()) for k, v in _HEADERS.items() if k.encode() not in known]
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return send_with_headers
