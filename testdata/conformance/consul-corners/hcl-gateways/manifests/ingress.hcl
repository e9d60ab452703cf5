Kind = "ingress-gateway"
Name = "edge"
Listeners = [{ Port = 8080 Protocol = "tcp" Services = [{ Name = "api" }] }]
