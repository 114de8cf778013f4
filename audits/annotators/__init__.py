"""What several annotators' labels come to: consensus, agreement, and how good each annotator is."""
