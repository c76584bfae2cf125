"""The chat page, on Streamlit."""
