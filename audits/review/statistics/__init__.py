"""What a lead wants to know of a review: how people agree, what their work yields, how many labels are wrong."""
