"""Colours that colour-blind eyes tell apart (Okabe and Ito, "Color Universal Design", 2008)."""

BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
SKY, RED, PURPLE = "#56B4E9", "#D55E00", "#CC79A7"
GREY = "#767676"
SERIES = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY)
