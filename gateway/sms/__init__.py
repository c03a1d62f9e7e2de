"""What happens to messages after the commit that wrote them."""
