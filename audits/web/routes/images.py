"""The files of items: pictures shown, all others only downloaded, and none that the dataset does not name."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse

from audits.web.content.addresses import column_key
from audits.web.content.pictures import Refused, look
from audits.web.content.thumbnails import sent
from audits.web.loaded import Loaded
from audits.web.people import SignedIn

router = APIRouter()

#: What every file is sent with: it is data, whatever it holds, and is kept by the browser of this person alone.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}

#: The question's hash covers the file's bytes, so that what is at an address never changes.
_KEPT = "private, max-age=31536000, immutable"


@router.get("/d/{name}/image/{question}/{column}", response_model=None)
def image(
    request: Request,
    person: SignedIn,
    name: str,
    question: str,
    column: str,
    size: Literal["96", "384"] | None = None,
    download: Literal["1"] | None = None,
) -> Response:
    """A file of an item, as a picture or as a download.

    Parameters
    ----------
    name : str
        The dataset.
    question : str
        Hash of the item's question: it tells neither its id nor its label.
    column : str
        The column that names the file, as `column_key` writes it.
    size : {"96", "384"}, optional
        The longer side of a smaller picture, in points; left out: the file as it is.
    download : {"1"}, optional
        The file as something to be saved, whatever it holds.
    """
    points = None if size is None else int(size)
    loaded = request.app.state.room.loaded(name, person)
    return _answer(request, loaded, question, column, points, download is not None)


def _answer(
    request: Request, loaded: Loaded, question: str, column: str, size: int | None, download: bool
) -> Response:
    row = loaded.question_rows.get(question)
    named = next((c for c in loaded.file_columns if column_key(c) == column), None)
    if row is None or named is None:
        raise HTTPException(404, "No item of this dataset names such a file.")
    found = look(loaded, row, named)
    if found is None:
        raise HTTPException(404, "The item names no file there.")
    if download and found.path is not None:
        return FileResponse(
            found.path,
            media_type="application/octet-stream",
            filename=f"item-{question[:8]}.bin",
            headers={**_HEADERS, "Cache-Control": "private, no-store"},
        )
    if isinstance(found, Refused):
        raise HTTPException(found.status, found.words, _HEADERS)
    tag = f'"{found.digest}-{size or "whole"}"'
    headers = {**_HEADERS, "Cache-Control": _KEPT, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    try:
        shown = sent(found, size)
    except OSError as e:
        raise HTTPException(415, "The picture is broken, or its file was changed at this moment.") from e
    return Response(shown.data, media_type=shown.media_type, headers=headers)
