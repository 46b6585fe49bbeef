"""What the marketer sees. Only this package and app.py import streamlit."""
