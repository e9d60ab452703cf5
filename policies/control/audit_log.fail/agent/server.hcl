server       = true
license_path = "/etc/consul/license.hclic"
audit {
  enabled = true # deny(high): it needs ACLs, and they are off
  sink "file" {
    type            = "file"
    path            = "/var/log/consul/audit.json"
    rotate_duration = "24h"
  }
}
