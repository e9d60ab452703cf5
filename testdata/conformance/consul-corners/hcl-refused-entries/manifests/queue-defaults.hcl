Kind = "service-defaults"
Name = "queue"
Protocol = "http"
