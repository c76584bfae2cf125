"""Who must log in before the script draws a page: by the password's cookie, and by a provider where one is set up."""

import streamlit as st

from rag_app.web.chosen import page_settings
from rag_app.web.frontend import load_component, plain
from rag_app.web.logins import LOGINS, cookie_name
from rag_app.web.providers import is_configured, providers


def stop_strangers() -> None:
    """Ends the script before anything is drawn for someone who has not logged in."""
    # The gate has seen to the password already; not where someone runs the script without it.
    if has_password() and not LOGINS.holds(st.context.cookies.get(cookie_name(st.get_option("server.port")))):
        st.text("Start the page with rag chat: it asks for the password.")
        st.stop()
    if is_configured() and not st.user.get("is_logged_in"):
        draw_log_in()
        st.stop()


def draw_log_in() -> None:
    with st.container(key="log-in"):
        st.title("Ask your documents", anchor=False)
        for name in providers():
            st.button(
                f"Log in with {plain(name)}" if name else "Log in",
                type="primary",
                width="stretch",
                on_click=st.login,
                args=(name,),
                key=f"log-in-{name}",
            )


def draw_log_out() -> None:
    with st.sidebar:
        if is_configured():
            st.button("Log out", icon=":material/logout:", type="tertiary", on_click=st.logout)
        elif has_password():
            load_component("logout")(key="log-out")


def has_password() -> bool:
    return page_settings().password is not None
