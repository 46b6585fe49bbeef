"""Starts the console: `streamlit run app.py`, or `uvicorn app:app`.

A launcher only. The router lies in `pages/shell/`, where there is no folder named `pages`: a router
beside `pages/` lets a deep link run a page on a fresh server without ever passing the login gate.
"""

from pathlib import Path

import streamlit as st

app = st.App(Path(__file__).parent / "pages" / "shell" / "main.py")

if __name__ == "__main__":
    app.run()
