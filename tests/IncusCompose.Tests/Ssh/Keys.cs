namespace IncusCompose.Tests.Ssh;

/// <summary>Public keys to which nobody has the private one.</summary>
internal static class Keys
{
    public const string Ann = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN3ffe1K9BYEMRfyYyZXdtNMECAdWQbYtlNG/UXvN+n/ ann@here";
    public const string Ben = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAullwsv6KeTmoOswWLh6kUd/2LqQ8F8WG6tiRQ/jflU ben@there";
}
