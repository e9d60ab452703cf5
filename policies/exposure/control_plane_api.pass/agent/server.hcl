server      = true
client_addr = "0.0.0.0"
ports {
  http  = -1
  https = 8501
}
acl {
  enabled = true
}
