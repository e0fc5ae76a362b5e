"""Fangxian 防线: report once; every figure is counted, never typed, and opens to its records."""
