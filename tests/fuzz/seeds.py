"""The seeds of the generated values that every run of the tests compares with the libraries."""

NUMBERS = [20_261_121, 20_261_122]
ADDRESSES = [20_261_121]
