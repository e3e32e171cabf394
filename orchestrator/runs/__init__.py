"""Run folders: read again, by our own reader and by tshark.

read.py     a folder → Evidence
dissect.py  what tshark says of a node's file
"""
