server           = true
bootstrap_expect = 1
datacenter       = "dc1"
data_dir         = "/opt/consul"
connect { enabled = true }
ports { grpc = 8502 }

default_intention_policy = "allow"
