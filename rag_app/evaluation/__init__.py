"""How well the product finds and answers, measured on sets of questions with known answers."""
