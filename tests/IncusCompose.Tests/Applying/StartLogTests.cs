using IncusCompose.Resources.Instances;

namespace IncusCompose.Tests.Applying;

/// <summary>Why a container did not start, as LXC logged it.</summary>
public class StartLogTests
{
    [Fact]
    public void The_first_errors_of_the_log_are_the_reason_each_once()
    {
        const string Log = """
            lxc web 20261122102900.115 INFO     lxccontainer - ../src/lxc/lxccontainer.c:do_lxcapi_start:982 - Attempting
            lxc web 20261122102900.123 ERROR    seccomp - ../src/lxc/seccomp.c:parse_v2_rule_args:380 - Invalid syscall: nosuchcall
            lxc web 20261122102900.124 ERROR    start - ../src/lxc/start.c:lxc_init:845 - Failed to load the policy
            lxc web 20261122102900.125 ERROR    start - ../src/lxc/start.c:lxc_init:845 - Failed to load the policy
            lxc web 20261122102900.126 ERROR    start - ../src/lxc/start.c:__lxc_start:2028 - Failed to initialize container "web"
            lxc web 20261122102900.127 ERROR    lxccontainer - ../src/lxc/lxccontainer.c:wait_on_daemonized_start:837 - No such file
            """;

        Assert.Equal("Invalid syscall: nosuchcall; Failed to load the policy; Failed to initialize container \"web\"", StartLog.Read(Log));
        Assert.Null(StartLog.Read("lxc web 20261122102900.115 INFO     x - y - z\n"));
    }
}
