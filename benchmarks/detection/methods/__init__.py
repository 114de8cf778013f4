"""Methods that rank items: cleanlab's, plain rules, every signal, and the evidence."""
