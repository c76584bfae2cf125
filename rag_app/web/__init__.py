"""The web app, on Streamlit: chat, library, map, history and settings."""
