"""A message in the frame of a phone or a screen. What comes from Braze stays in its own frame.

The outer document is ours; an email's HTML goes into an inner frame that can do nothing, SMS and
push are text and escaped here.
"""

from __future__ import annotations

import html

import streamlit as st

from services.content.frame import framed
from services.content.preview import Preview
from services.experiment.model import Channel

PHONE_WIDTH_PX = 280
PHONE_HEIGHT_PX = 520
DESKTOP_WIDTH_PX = 600
DESKTOP_ZOOM = 0.84
DESKTOP_HEIGHT_PX = 620
PHONE_MAIL_WIDTH_PX = 375  # as a real phone lays it out, then zoomed into the frame
FONTS = "Pretendard,'Noto Sans KR',system-ui,sans-serif"
FACES = "".join(
    "@font-face{font-family:Pretendard;"
    f"src:url(/app/static/Pretendard-{name}.woff2);font-weight:{weight}}}"
    for name, weight in (("Regular", 400), ("Bold", 700))
)


def draw_frame(shown: Preview, *, phone: bool, remote_images: bool, name: str) -> None:
    """Draw one message. `name` says what it is to a screen reader."""
    inside = _inside(shown, phone=phone, remote_images=remote_images, name=name)
    width = PHONE_WIDTH_PX if phone else round(DESKTOP_WIDTH_PX * DESKTOP_ZOOM) + 4
    height = PHONE_HEIGHT_PX if phone else DESKTOP_HEIGHT_PX
    with st.container(horizontal_alignment="center"):
        st.iframe(_document(inside, phone=phone), width=width, height=height, alt=name)


def _document(inside: str, *, phone: bool) -> str:
    bezel = (
        f"width:{PHONE_WIDTH_PX}px;height:{PHONE_HEIGHT_PX}px;border:10px solid #1A2230;"
        "border-radius:34px"
        if phone
        else f"width:{DESKTOP_WIDTH_PX}px;height:{round(DESKTOP_HEIGHT_PX / DESKTOP_ZOOM) - 6}px;"
        f"border:1px solid #DDE2EA;border-radius:8px;zoom:{DESKTOP_ZOOM}"
    )
    return (
        "<!doctype html><html><head><meta charset='utf-8'><style>"
        f"{FACES}*{{box-sizing:border-box}}"
        f"body{{margin:0;font:13px/1.45 {FONTS};color:#101828;background:transparent}}"
        f".device{{{bezel};overflow:hidden;background:#fff;display:flex;flex-direction:column}}"
        ".head{padding:12px 14px 8px;border-bottom:6px solid #EDF0F4}"
        ".head b,.head span{display:block;white-space:nowrap;overflow:hidden;"
        "text-overflow:ellipsis}.head .quiet{color:#4F5968}"
        ".mail{flex:1;overflow:hidden}.talk{flex:1;padding:18px 14px;background:#F4F6F9}"
        ".bubble{background:#E3E8F0;border-radius:16px;padding:10px 13px;max-width:88%;"
        "white-space:pre-wrap;overflow-wrap:anywhere}"
        ".note{background:#fff;border-radius:16px;padding:11px 13px;"
        "box-shadow:0 1px 4px rgba(16,24,40,.14);overflow-wrap:anywhere}"
        f"</style></head><body><div class='device'>{inside}</div></body></html>"
    )


def _inside(shown: Preview, *, phone: bool, remote_images: bool, name: str) -> str:
    match shown.channel:
        case Channel.EMAIL:
            mail = framed(shown.html, remote_images=remote_images, title=name)
            head = (
                f"<div class='head'><b>{_text(shown.sender)}</b><span>{_text(shown.subject)}</span>"
                f"<span class='quiet'>{_text(shown.preheader)}</span></div>"
            )
            return f"{head}<div class='mail'>{_zoomed(mail) if phone else mail}</div>"
        case Channel.SMS:
            sender = f"<div class='head'><b>{_text(shown.sender) or 'SMS'}</b></div>"
            return f"{sender}<div class='talk'><div class='bubble'>{_text(shown.text)}</div></div>"
        case Channel.PUSH:
            return (
                "<div class='talk' style='padding-top:64px'><div class='note'>"
                f"<b>{_text(shown.title)}</b><div>{_text(shown.text)}</div></div></div>"
            )


def _zoomed(mail: str) -> str:
    """The mail at a phone's own width, made smaller as a whole: its breakpoints stay true."""
    zoom = (PHONE_WIDTH_PX - 20) / PHONE_MAIL_WIDTH_PX
    return (
        f"<div style='width:{PHONE_MAIL_WIDTH_PX}px;height:{round(100 / zoom)}%;"
        f"transform:scale({zoom:.4f});transform-origin:0 0'>{mail}</div>"
    )


def _text(foreign: str) -> str:
    return html.escape(foreign, quote=True)
