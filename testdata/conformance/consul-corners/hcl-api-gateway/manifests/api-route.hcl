Kind = "http-route"
Name = "api"
Hostnames = ["api.example"]
Parents = [{ Kind = "api-gateway", Name = "edge", SectionName = "http" }]
Rules = [{ Services = [{ Name = "api" }] }]
