namespace IncusCompose.PowerShell.Sessions;

/// <summary>The connections of one runspace.</summary>
internal sealed class ServerSession : IDisposable
{
    public void Dispose()
    {
    }
}
