Kind = "ingress-gateway"
Name = "edge"
Listeners = [
  {
    Port     = 8080
    Protocol = "http"
    Services = [
      { Name = "web", Hosts = ["web.example"] },
      { Name = "api", Hosts = ["api.example"] }
    ]
  },
  {
    Port     = 5432
    Protocol = "tcp"
    TLS { Enabled = true }
    Services = [{ Name = "db" }]
  }
]
