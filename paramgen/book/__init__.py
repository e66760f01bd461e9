"""The source language: a book of assets, its policy, and the evidence behind both."""
