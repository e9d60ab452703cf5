Kind = "ingress-gateway"
Name = "inner"
Listeners = [{ Port = 7000, Protocol = "tcp", Services = [{ Name = "lost" }] }]
