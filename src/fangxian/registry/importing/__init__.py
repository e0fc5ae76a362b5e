"""Rosters and lists from spreadsheets: read, checked row by row, stored whole or not at all."""
