using IncusCompose.Definition;

namespace IncusCompose.Provision;

/// <summary>
/// The content of a step as a digest: everything that decides what it does, files on this machine included. Its name and
/// its timeout decide nothing.
/// </summary>
internal static class StepContent
{
    /// <exception cref="IOException">A file cannot be read, or there is more than a step may have; the message says which and what to do.</exception>
    public static string DigestOf(ProvisionStep step, string? stackFolder, IReadOnlyCollection<string> stackFiles)
    {
        using var digest = new ContentDigest();
        switch (step)
        {
            case { Exec: { } command }:
                digest.Add("exec").Add(command);
                break;
            case { Script: { } script }:
                digest.Add("script").Add(TextOf(script)).Add(script.Interpreter ?? []).Add(script.Arguments);
                break;
            case { Files: { } files }:
                digest.Add("files");
                foreach (var file in files)
                {
                    digest.Add(file.Target).Add(file.Owner).Add(file.Group).Add(file.Mode is { } mode ? Convert.ToString(mode, 8) : null).Add(file.Content);
                    // In a target that is a folder, the file has the name that it has here.
                    if (file.Source is not null && file.Target.EndsWith('/') && !Directory.Exists(file.Source))
                        digest.Add(Path.GetFileName(file.Source));
                    if (file.Source is not null)
                        digest.Add(SourceTree.Read(file.Source), file.Source);
                }

                break;
            case { Ansible: { } ansible }:
                digest.Add("ansible").Add(ansible.Variables).Add(ansible.Tags).Add(ansible.SkipTags).Add(ansible.Groups)
                    .Add(ansible.Become?.ToString()).Add(ansible.Connection).Add(ansible.ExtraArguments);
                if (ansible.Playbook is { } playbook)
                    digest.Add("playbook").Add(Path.GetFileName(playbook)).Add(SourceTree.OfPlaybook(playbook, stackFolder, stackFiles), Path.GetDirectoryName(playbook)!);
                else if (Path.IsPathRooted(ansible.Role!))
                    digest.Add("role").Add(Path.GetFileName(ansible.Role)).Add(SourceTree.OfRole(ansible.Role!), ansible.Role!);
                else
                    digest.Add("role").Add(ansible.Role);
                break;
        }

        digest.Add(step.User).Add(step.WorkingDirectory);
        foreach (var (name, value) in step.Environment.OrderBy(variable => variable.Key, StringComparer.Ordinal))
            digest.Add(name).Add(value);
        return digest.ToString();
    }

    /// <summary>The text of a script.</summary>
    /// <exception cref="IOException">Its file cannot be read.</exception>
    public static string TextOf(ScriptDefinition script) => script.Source is null ? script.Content! : SourceTree.ReadText(script.Source);
}
