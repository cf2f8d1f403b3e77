using IncusCompose.Instances;

namespace IncusCompose.Tests.Instances;

public sealed class ProcessListTests
{
    [Fact]
    public void The_process_that_lists_is_not_listed() =>
        Assert.Equal(
            [new InstanceProcess("1", "0", "root", "00:00:01", "/sbin/init splash"), new InstanceProcess("220", "1", "postgres", "1-02:03:04", "postgres: writer  x")],
            ProcessList.Parse(
                """
                    PID    PPID USER         TIME COMMAND
                      1       0 root     00:00:01 /sbin/init splash
                    220       1 postgres 1-02:03:04 postgres: writer  x
                   1234       0 root     00:00:00 ps -e -o pid,ppid,user,time,args

                """,
                "pid,ppid,user,time,args"));

    [Fact]
    public void A_ps_that_cannot_tell_the_time_is_read_too() =>
        Assert.Equal(
            [new InstanceProcess("1", "0", "root", null, "{init} /bin/sh /sbin/init")],
            ProcessList.Parse("PID   PPID  USER     COMMAND\n    1     0 root     {init} /bin/sh /sbin/init\n   19     0 root     ps -e -o pid,ppid,user,args\n", "pid,ppid,user,args"));
}
