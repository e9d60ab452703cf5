Kind = "tcp-route"
Name = "db"
Parents = [{ Kind = "api-gateway", Name = "edge", SectionName = "pg" }]
Services = [{ Name = "db" }]
