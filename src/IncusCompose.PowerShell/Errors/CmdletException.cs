namespace IncusCompose.PowerShell.Errors;

/// <summary>Ends a cmdlet with an error that is already in its final form.</summary>
internal sealed class CmdletException : Exception
{
    /// <summary>Makes the exception of an error.</summary>
    public CmdletException(CmdletError error)
        : base(error.Text, error.Exception)
    {
        Error = error;
    }

    /// <summary>The error.</summary>
    public CmdletError Error { get; }
}
