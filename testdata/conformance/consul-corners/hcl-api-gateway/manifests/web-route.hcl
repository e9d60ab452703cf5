Kind = "http-route"
Name = "web"
Hostnames = ["shop.example"]
Parents = [
  {
    Kind        = "api-gateway"
    Name        = "edge"
    SectionName = "http"
  }
]
Rules = [
  {
    Matches = [
      {
        Path {
          Match = "prefix"
          Value = "/cart"
        }
      }
    ]
    Services = [{ Name = "web" }]
  }
]
