server     = false
retry_join = ["consul.example"]
