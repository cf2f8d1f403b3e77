using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Guests;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Ssh;

namespace IncusCompose.Exporting;

/// <summary>
/// Takes what <c>ssh</c>, <c>packages</c> and <c>users</c> brought into an instance's cloud-init data out of it again. A word is
/// written only where it makes, of what is left, just the data that the instance has.
/// </summary>
internal static partial class CloudInitExport
{
    private const string SudoLine = "  sudo: \"ALL=(ALL) NOPASSWD:ALL\"";

    /// <summary>The definition with the words, and the configuration without what they make.</summary>
    /// <param name="definition">The instance; its profiles and folders count.</param>
    /// <param name="live">The instance as it is.</param>
    /// <param name="config">Its configuration; what the words make is taken out.</param>
    /// <param name="planning">The stack and what is live.</param>
    /// <param name="context">Receives what cannot be told apart.</param>
    public static InstanceDefinition Take(InstanceDefinition definition, LiveResource live, SortedDictionary<string, string> config, PlanningContext planning, ExportContext context)
    {
        var profiles = InstanceForm.ProfileConfig(definition, planning);
        definition = TakeSsh(definition, live, config, profiles, context);
        // Data of the same form that nobody's stack wrote is somebody's own text.
        return live.Mark is null ? definition : TakeGuests(definition, config, profiles);
    }

    private static InstanceDefinition TakeSsh(InstanceDefinition definition, LiveResource live, SortedDictionary<string, string> config, IReadOnlyDictionary<string, string> profiles, ExportContext context)
    {
        if (RecordedWords.ReadSsh(((Instance)live.Raw).Config) is not { } ssh)
            return definition;
        foreach (var (key, before) in Parts(config))
        {
            if (SshCloudInit.Place(ssh, definition.Persist, Without(config, key, before), profiles) is var placed && placed.Key == key && placed.Value == config[key])
            {
                Replace(config, key, before);
                return definition with { Ssh = ssh };
            }
        }

        context.Note("Ssh", $"instances.{live.Id.Name}.ssh", $"who may log in to {live.Id.Name} cannot be told apart from its cloud-init data, which is written as it is");
        return definition;
    }

    private static InstanceDefinition TakeGuests(InstanceDefinition definition, SortedDictionary<string, string> config, IReadOnlyDictionary<string, string> profiles)
    {
        foreach (var (key, before) in Parts(config))
        {
            var said = Read(definition, config[key]);
            if (said is { Packages.Count: 0, Users.Count: 0 })
                continue;
            var made = GuestCloudInit.With(said, Without(config, key, before), profiles);
            // Beside it stands what it was before, and nothing else is made.
            if (made.GetValueOrDefault(key) != config[key] || made.Count != config.Count)
                continue;
            Replace(config, key, before);
            return said;
        }

        return definition;
    }

    /// <summary>Each of the data's keys with what may have been there before: nothing, or the first part of a message.</summary>
    private static IEnumerable<(string Key, string? Before)> Parts(SortedDictionary<string, string> config) =>
        from key in new[] { SshCloudInit.VendorDataKey, SshCloudInit.UserDataKey }
        where config.ContainsKey(key)
        from before in new[] { null, FirstPart(config[key]) }.Distinct()
        select (key, before);

    private static Dictionary<string, string> Without(SortedDictionary<string, string> config, string key, string? before)
    {
        var own = new Dictionary<string, string>(config, StringComparer.Ordinal);
        own.Remove(key);
        if (before is not null)
            own[key] = before;
        return own;
    }

    private static void Replace(SortedDictionary<string, string> config, string key, string? before)
    {
        config.Remove(key);
        if (before is not null)
            config[key] = before;
    }

    /// <summary>The first part of a message of several, as it was before it became one; null for anything else.</summary>
    private static string? FirstPart(string text)
    {
        if (Message().Match(text) is not { Success: true } message)
            return null;
        var part = message.Groups["part"].Value;
        if (Plain().Match(part) is { Success: true } plain)
            return part[plain.Length..];
        if (Encoded().Match(part) is not { Success: true } encoded)
            return part;
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(part[encoded.Length..]));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>What the last part of the data says of packages and users. Whether that is all of it, the caller has to see.</summary>
    private static InstanceDefinition Read(InstanceDefinition definition, string text)
    {
        var (packages, users) = (new List<string>(), new List<UserDefinition>());
        var start = text.LastIndexOf("\n  settings: [no_replace, recurse_list]\n", StringComparison.Ordinal);
        foreach (var line in text[Math.Max(0, start)..].Split('\n'))
        {
            if (users.Count > 0 && packages.Count == 0 && line.StartsWith("  ", StringComparison.Ordinal))
                users[^1] = Read(users[^1], line);
            else if (line.StartsWith("- name: \"", StringComparison.Ordinal) && Unquote(line["- name: ".Length..]) is { } name)
                users.Add(new UserDefinition { Name = name });
            else if (line.StartsWith("- \"", StringComparison.Ordinal) && Unquote(line["- ".Length..]) is { } package)
                packages.Add(package);
        }

        return definition with { Packages = packages, Users = users };
    }

    private static UserDefinition Read(UserDefinition user, string line)
    {
        if (line == SudoLine)
            return user with { Sudo = true };
        if (line.StartsWith("  - ", StringComparison.Ordinal))
            return Unquote(line["  - ".Length..]) is { } key ? user with { Keys = [.. user.Keys, key] } : user;
        var colon = line.IndexOf(": ", StringComparison.Ordinal);
        if (colon < 0)
            return user;
        var value = line[(colon + 2)..];
        return line[2..colon] switch
        {
            "uid" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var uid) => user with { Uid = uid },
            "groups" => user with { Groups = Unquote(value)?.Split(',') ?? [] },
            "shell" => user with { Shell = Unquote(value) },
            "passwd" => user with { PasswordHash = Unquote(value) },
            _ => user,
        };
    }

    private static string? Unquote(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<string>(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // As SshCloudInit writes it.
    [GeneratedRegex(@"^Content-Type: multipart/mixed; boundary=""(?<boundary>incus-compose-*)""\nMIME-Version: 1\.0\n\n--\k<boundary>\n(?<part>.*?)\n--\k<boundary>\nContent-Type: text/cloud-config; charset=""us-ascii""\n", RegexOptions.Singleline)]
    private static partial Regex Message();

    [GeneratedRegex(@"^Content-Type: text/plain; charset=""us-ascii""\n\n")]
    private static partial Regex Plain();

    [GeneratedRegex(@"^Content-Type: text/plain; charset=""utf-8""\nContent-Transfer-Encoding: base64\n\n")]
    private static partial Regex Encoded();
}
