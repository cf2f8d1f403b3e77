using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace IncusCompose.PowerShell.Sessions;

/// <summary>Each runspace has connections of its own: two runspaces of a process never see each other's default server.</summary>
internal static class RunspaceSessions
{
    private static readonly ConditionalWeakTable<Runspace, ServerSession> Sessions = [];

    /// <summary>The session of the runspace of the current thread.</summary>
    public static ServerSession Current => Sessions.GetValue(Runspace.DefaultRunspace, Open);

    /// <summary>Closes the connections of the current runspace; the next use opens new ones.</summary>
    public static void CloseCurrent()
    {
        var runspace = Runspace.DefaultRunspace;
        if (runspace is not null && Sessions.TryGetValue(runspace, out var session))
        {
            Sessions.Remove(runspace);
            session.Dispose();
        }
    }

    private static ServerSession Open(Runspace runspace)
    {
        var session = new ServerSession();
        runspace.StateChanged += (_, change) =>
        {
            if (change.RunspaceStateInfo.State is RunspaceState.Closed or RunspaceState.Broken)
                session.Dispose();
        };
        return session;
    }
}
