Kind = "api-gateway"
Name = "edge"
Listeners = [
  {
    Name     = "http"
    Port     = 8080
    Protocol = "http"
  },
  {
    Name     = "pg"
    Port     = 5432
    Protocol = "tcp"
  }
]
