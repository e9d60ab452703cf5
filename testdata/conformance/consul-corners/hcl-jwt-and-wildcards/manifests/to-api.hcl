Kind = "service-intentions"
Name = "api"
Sources = [
  {
    Name = "web"
    Permissions = [
      {
        Action = "allow"
        HTTP { PathPrefix = "/" }
        JWT {
          Providers = [
            {
              Name = "okta"
              VerifyClaims = [
                {
                  Path  = ["role"]
                  Value = "admin"
                }
              ]
            }
          ]
        }
      }
    ]
  },
  {
    Name = "batch"
    Permissions = [
      {
        Action = "deny"
        HTTP { PathExact = "/secret" }
      },
      {
        Action = "allow"
        HTTP { PathPrefix = "/" }
      }
    ]
  }
]
