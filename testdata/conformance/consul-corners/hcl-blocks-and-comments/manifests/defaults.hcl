# how it is spoken
kind = "service-defaults"
name = "api"
protocol = "http"
