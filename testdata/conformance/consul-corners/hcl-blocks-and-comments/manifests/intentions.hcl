// the old way of comments
Kind = "service-intentions"
Name = "api"

/* repeated blocks are a list */
Sources {
  Name   = "batch"
  Action = "allow"
}
Sources {
  Name = "web"
  Permissions = [
    {
      Action = "deny"
      HTTP { PathPrefix = "/v2/admin" }
    },
    {
      Action = "allow"
      HTTP {
        PathPrefix = "/v2"
        Methods    = ["get", "POST"]
        Header = [
          { Name = "x-team" Exact = "pay" },
        ]
      }
    }
  ]
}
