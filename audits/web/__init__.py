"""The review room: a web app in which people clear the queue. Stands above all other rooms of `audits`."""
