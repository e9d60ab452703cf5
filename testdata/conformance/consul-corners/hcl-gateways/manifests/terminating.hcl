Kind = "terminating-gateway"
Name = "out"
Services = [{ Name = "mail" }]
