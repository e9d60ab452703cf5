KIND = "service-intentions"
NAME = "api"
Sources {
  Name   = "web"
  Action = "allow"
}
Sources {
  NAME   = "cron"
  ACTION = "allow"
}
