using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Guests;

namespace IncusCompose.Validation;

/// <summary>Files, secrets and configs of instances: that what they name is there, and that no two want one path.</summary>
internal static partial class GuestRules
{
    public static void CheckGrants(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            foreach (var (index, grant) in instance.Secrets.Index())
                Check(grant, "secret", $"instances.{instance.Name}.secrets[{index}]", stack.Secrets, findings);
            foreach (var (index, grant) in instance.Configs.Index())
                Check(grant, "config", $"instances.{instance.Name}.configs[{index}]", stack.Configs, findings);
        }
    }

    public static void CheckTargets(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            var path = $"instances.{instance.Name}";
            var taken = new Dictionary<string, string>(StringComparer.Ordinal);
            var all = instance.Files.Index().Where(entry => !entry.Item.Target.EndsWith('/')).Select(entry => (entry.Item.Target, Path: $"{path}.files[{entry.Index}]"))
                .Concat(FilesOf(instance.Secrets).Select(entry => (Target: GuestFile.SecretTarget(entry.Item), Path: $"{path}.secrets[{entry.Index}]")))
                .Concat(FilesOf(instance.Configs).Select(entry => (Target: GuestFile.ConfigTarget(entry.Item), Path: $"{path}.configs[{entry.Index}]")));
            foreach (var (target, place) in all)
            {
                if (target.Split('/').Skip(1).Any(step => step is "." or ".." or ""))
                    findings.Error("BadPath", place, $"the path {target} has empty steps, or steps back", "write it without them");
                else if (!taken.TryAdd(target, place))
                    findings.Error("DuplicateTarget", place, $"{target} is written already, at {findings.Place(taken[target])}", "give one of the two another `target`");
            }
        }

        static IEnumerable<(int Index, GrantDefinition Item)> FilesOf(IReadOnlyList<GrantDefinition> grants) => grants.Index().Where(entry => entry.Item.Delivery == GrantDelivery.File);
    }

    /// <summary>One user is said in one place: two of a name would be put together from halves.</summary>
    public static void CheckUsers(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            foreach (var (index, user) in instance.Users.Index())
            {
                var users = $"instances.{instance.Name}.users";
                var path = findings.Has($"{users}.{user.Name}") ? $"{users}.{user.Name}" : $"{users}[{index}]";
                if (instance.Users.Take(index).Any(other => other.Name == user.Name))
                    findings.Error("DuplicateUser", path, $"there is already a user `{user.Name}`", "remove one of the two");
                else if (instance.Ssh?.User == user.Name)
                    findings.Error("DuplicateUser", path, $"`ssh` makes the user `{user.Name}` already", "write its keys under `keys` here and leave `ssh` out, or give `ssh` another user");
                else if (instance.CloudInit?.UserData is { } data && Ssh.SshCloudInit.NamesUsers(data) && Regex.IsMatch(data, $@"\bname[""']?\s*:\s*[""']?{Regex.Escape(user.Name)}[""']?\s*($|[,}}\]])", RegexOptions.Multiline | RegexOptions.CultureInvariant))
                    findings.Error("DuplicateUser", path, $"the user data of `cloud_init` makes the user `{user.Name}` already", "remove one of the two");
            }
        }
    }

    private static void Check<T>(GrantDefinition grant, string kind, string path, IReadOnlyDictionary<string, T> known, Findings findings)
    {
        if (!known.ContainsKey(grant.Source))
            findings.Error($"Unknown{char.ToUpperInvariant(kind[0])}{kind[1..]}", path, $"the file has no {kind} `{grant.Source}`", findings.DidYouMean(grant.Source, known, $"add it under `{kind}s:` at the top of the file"));
        else if (grant.Delivery == GrantDelivery.Credential && !CredentialName().IsMatch(grant.Target ?? grant.Source))
            findings.Error("BadCredential", path, $"`{grant.Target ?? grant.Source}` is no credential's name", "write a name of letters, digits, dots, dashes and underscores as `target`");
    }

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}\z")]
    private static partial Regex CredentialName();
}
