"""Floor 2, pictures: ``compute()`` returns the data, ``draw(data)`` only draws them."""
