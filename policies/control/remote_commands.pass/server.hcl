# Scripts of the agent's own files, and nothing from elsewhere.
server                     = true
enable_local_script_checks = true
enable_script_checks       = false
disable_remote_exec        = true
